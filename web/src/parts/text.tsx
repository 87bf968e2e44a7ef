import { visibleText } from '../view/text.ts';

/** Text that somebody else wrote, in its own direction, with what cannot be seen spelled out. */
export function Foreign({ text }: { text: string }) {
  return <bdi class="foreign">{visibleText(text)}</bdi>;
}
