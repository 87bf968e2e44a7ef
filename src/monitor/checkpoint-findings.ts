import { equalBytes, toHex } from '../bytes/index.ts';
import type { Finding } from './alarm.ts';
import type { SignedView } from './signed-view.ts';
import type { TreeMemory } from './tree-memory.ts';

/** What is wrong about a checkpoint that is no longer than the last one checked, whose tree is `tree`. */
export function olderFinding(view: SignedView, seen: SignedView, tree: TreeMemory): Finding | undefined {
  const evidence = { 'signed-before.checkpoint': seen.note, 'shown-now.checkpoint': view.note };
  if (!equalBytes(tree.rootAt(view.size), view.root)) {
    return {
      kind: 'fork',
      key: `${view.size} ${toHex(view.root)}`,
      message: `the log signed a tree of ${view.size} entries that is no part of the one of ${seen.size} that it signed before`,
      evidence,
    };
  }
  if (view.size === seen.size) return undefined;
  return {
    kind: 'rollback',
    key: 'size',
    message: `the log shows ${view.size} entries after it had shown ${seen.size}`,
    evidence,
  };
}

/** Two trees of one size, both signed by the log. */
export function forkOfOneSize(view: SignedView, seen: SignedView): Finding {
  return {
    kind: 'fork',
    key: `${view.size} ${toHex(view.root)}`,
    message: `the log signed two trees of ${view.size} entries`,
    evidence: { 'signed-before.checkpoint': seen.note, 'shown-now.checkpoint': view.note },
  };
}

export function unsigned(note: Uint8Array, logKey: string): Finding {
  return {
    kind: 'unsigned',
    key: 'checkpoint',
    message: `what is shown as checkpoint is not signed by ${logKey}, or a witness's signature on it is wrong`,
    evidence: { 'shown.checkpoint': note },
  };
}

export function unwitnessed(view: SignedView): Finding {
  return {
    kind: 'unwitnessed',
    key: 'quorum',
    message: `the checkpoint of ${view.size} entries lacks the witnesses' quorum: ${view.cosigners.length} cosigned it`,
    evidence: { 'shown.checkpoint': view.note },
  };
}
