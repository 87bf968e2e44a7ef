import { useEffect, useState } from 'preact/hooks';

const SHOWN_MS = 2000;

/** Copies a text; says so to eyes and ears, also when the browser would not. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [result, setResult] = useState<'' | 'Copied' | 'Not allowed'>('');
  useEffect(() => {
    if (result === '') return;
    const timer = setTimeout(() => setResult(''), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = (): void => {
    copyText(text).then(
      () => setResult('Copied'),
      () => setResult('Not allowed'),
    );
  };
  return (
    <>
      <button type="button" class="button button-quiet" aria-label={`Copy ${what}`} onClick={copy}>
        <CopyIcon done={result === 'Copied'} />
        {result === '' ? 'Copy' : result}
      </button>
      <span class="unseen" role="status">
        {result === '' ? '' : `${what}: ${result.toLowerCase()}`}
      </span>
    </>
  );
}

function CopyIcon({ done }: { done: boolean }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {done ? (
        <path d="M3 8.500l3.200 3.200L13 5" />
      ) : (
        <path d="M5.500 5.500v-3h8v8h-3M2.500 5.500h8v8h-8z" />
      )}
    </svg>
  );
}

/** By the clipboard where the page may use it (https, localhost), else by a selection, as on plain http. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'unseen';
  document.body.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  if (!done) throw new Error('the browser did not copy');
}
