import { useEffect } from 'preact/hooks';
import { PageHeading } from '../parts/page-heading.tsx';

/** An address that names nothing here. */
export function UnknownPage() {
  useEffect(() => {
    document.title = 'Nothing here – bitquorum';
  }, []);
  return (
    <section class="hero">
      <PageHeading>There is nothing at this address.</PageHeading>
      <p>
        A release’s page is <code>/release/</code> and its digest, 64 letters long.{' '}
        <a href="/">See all releases</a>.
      </p>
    </section>
  );
}
