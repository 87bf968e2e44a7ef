import { stateLabel, stateTone } from '../view/state.ts';

/** A release's state in one word; its colour only repeats the word. */
export function StateChip({ state }: { state: string }) {
  return <span class={`chip chip-${stateTone(state)}`}>{stateLabel(state)}</span>;
}
