import { signal } from '@preact/signals';

/** The page that an address names. */
export type Route = { page: 'home' } | { page: 'release'; digest: string } | { page: 'unknown' };

/** The page now shown. */
export const route = signal<Route>({ page: 'home' });

let arriving = false;

/** Whether the page was come to from another of this site, and its heading has not been shown yet; asked once. */
export function takeArrival(): boolean {
  const arrived = arriving;
  arriving = false;
  return arrived;
}

/** Reads a path of this site. */
export function routeOf(path: string): Route {
  if (path === '/' || path === '/index.html') return { page: 'home' };
  const match = /^\/release\/([0-9a-f]{64})\/?$/.exec(path);
  return match?.[1] === undefined ? { page: 'unknown' } : { page: 'release', digest: match[1] };
}

/** The address of a release's page. */
export function releasePath(digest: string): string {
  return `/release/${encodeURIComponent(digest)}`;
}

/** Takes over plain clicks on links within this site, and the browser's own steps back and forth. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    arriving = true;
    route.value = routeOf(location.pathname);
  });
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.target !== '' || link.hash !== '') return;
    const next = routeOf(link.pathname);
    if (next.page === 'unknown') return;
    event.preventDefault();
    history.pushState(null, '', link.pathname);
    arriving = true;
    route.value = next;
    scrollTo(0, 0);
  });
}
