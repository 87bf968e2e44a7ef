import { render } from 'preact';
import { App } from './app.tsx';
import { startChecking } from './check/checker.ts';
import { followLinks, route, routeOf } from './route.ts';
import { start } from './store.ts';

const root = document.getElementById('app');
if (root) {
  route.value = routeOf(location.pathname);
  followLinks();
  start(new AbortController().signal);
  startChecking();
  render(<App />, root);
}
