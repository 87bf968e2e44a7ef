import type { AlarmKind } from './alarm.ts';

/** What happened, one line of JSON each. */
export type MonitorEvent =
  | { readonly event: 'checked'; readonly size: number; readonly root: string; readonly timeMs: number }
  | {
      readonly event: 'alarm';
      readonly kind: AlarmKind;
      readonly message: string;
      /** Folder with the files that prove it. */
      readonly evidence: string;
      readonly entry?: { readonly kind: string; readonly index: number };
    }
  | { readonly event: 'over'; readonly kind: AlarmKind; readonly message: string }
  | { readonly event: 'signed'; readonly index: number; readonly root: string }
  | { readonly event: 'trouble'; readonly message: string };
