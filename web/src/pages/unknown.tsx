import { useEffect } from 'preact/hooks';

/** An address that names nothing here. */
export function UnknownPage() {
  useEffect(() => {
    document.title = 'Nothing here – bitquorum';
  }, []);
  return (
    <section class="hero">
      <h1 tabIndex={-1}>There is nothing at this address.</h1>
      <p>
        A release’s page is <code>/release/</code> and its digest, 64 letters long.{' '}
        <a href="/">See all releases</a>.
      </p>
    </section>
  );
}
