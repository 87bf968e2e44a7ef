import { useEffect } from 'preact/hooks';
import { HomePage } from './pages/home.tsx';
import { ReleasePage } from './pages/release.tsx';
import { UnknownPage } from './pages/unknown.tsx';
import { Alarm } from './parts/alarm.tsx';
import { Footer } from './parts/footer.tsx';
import { Header } from './parts/header.tsx';
import { Trouble } from './parts/trouble.tsx';
import { route } from './route.ts';
import { openRelease } from './store.ts';

/** The whole page: the network's header, the page that the address names, the footer. */
export function App() {
  const current = route.value;
  const digest = current.page === 'release' ? current.digest : undefined;
  useEffect(() => openRelease(digest), [digest]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <Alarm />
      <Trouble />
      <main id="main" class="page">
        {current.page === 'home' && <HomePage />}
        {current.page === 'release' && <ReleasePage key={current.digest} digest={current.digest} />}
        {current.page === 'unknown' && <UnknownPage />}
      </main>
      <Footer />
    </>
  );
}
