import { render } from 'preact';
import { App } from './app.tsx';
import { followLinks, route, routeOf } from './route.ts';
import { start } from './store.ts';

const root = document.getElementById('app');
if (root) {
  route.value = routeOf(location.pathname);
  followLinks();
  start(new AbortController().signal);
  render(<App />, root);
}
