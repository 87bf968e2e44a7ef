import { printable } from '../../bytes/index.ts';
import type { BuilderOnRelease, GroupView, ReleaseView } from '../../tally/index.ts';
import type { Output } from '../output.ts';
import { CAST, ROLE_TEXT, type Round } from './cast.ts';
import { type Happening, happeningsBetween } from './happenings.ts';

const BAR_WIDTH = 24;
const NAME_WIDTH = 8;

/** Tells the demonstration on the terminal, as it happens. */
export class Storyteller {
  readonly #output: Output;
  readonly #names: ReadonlyMap<string, string>;
  readonly #startedMs = Date.now();
  #saidSandbox = false;

  /** `names`: who has which key (hex). */
  constructor(output: Output, names: ReadonlyMap<string, string>) {
    this.#output = output;
    this.#names = names;
  }

  opening(tally: string, folder: string): void {
    const { bold, dim, cyan, red } = this.#output.colors;
    this.#say('', bold('bitquorum') + dim(' · a whole network on this machine'), '');
    this.#say(`  ${dim('tally')}      ${cyan(tally)}  ${dim('demo policy: short windows, real rules')}`);
    this.#say(`  ${dim('publisher')}  may publish pkg:npm/%40noble/…`);
    for (const [index, { name, role, address }] of CAST.entries()) {
      const text = role === 'honest' ? ROLE_TEXT[role] : red(ROLE_TEXT[role]);
      this.#say(
        `  ${dim(index === 0 ? 'builders ' : '         ')}  ${name.padEnd(NAME_WIDTH)} ${dim(address.padEnd(11))} ${text}`,
      );
    }
    this.#say(`  ${dim('data')}       ${dim(folder)}`);
  }

  round(number: number, packageUrl: string, { mirror }: Round): void {
    const { bold, dim } = this.#output.colors;
    const cheat = CAST.find(({ role }) => role === 'mirror')?.name ?? 'the mirror';
    this.#say('', `${bold(`Round ${number}`)}  ${bold(printable(packageUrl))}  ${dim(`${cheat} ${mirror}`)}`);
  }

  /** Says once how the builders run what they build. */
  sandbox(sandboxed: boolean): void {
    if (this.#saidSandbox) return;
    this.#saidSandbox = true;
    const { dim, yellow } = this.#output.colors;
    this.line(
      sandboxed
        ? dim('the builders rebuild inside bubblewrap, without network')
        : yellow(
            'no bubblewrap here: the builders rebuild without a sandbox, as this command trusts its recipes',
          ),
    );
  }

  /** Tells what is new between two views of a release. */
  follow(before: ReleaseView | undefined, after: ReleaseView): void {
    for (const happening of happeningsBetween(before, after)) {
      const text = this.#tell(happening, after);
      if (text !== '') this.line(text);
    }
  }

  /** The groups of a release with a verdict, and everybody who does not count. */
  verdict(release: ReleaseView): void {
    const { dim } = this.#output.colors;
    this.#say('');
    for (const group of release.groups) this.#say(`  ${this.#groupLine(group, release)}`);
    for (const builder of release.builders) {
      if (builder.status !== 'counts') {
        this.#say(`  ${this.#name(builder.key).padEnd(NAME_WIDTH)} ${dim(printable(builder.reason))}`);
      }
    }
  }

  /** One line with the time since the start. */
  line(text: string): void {
    const seconds = Math.floor((Date.now() - this.#startedMs) / 1000);
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    this.#say(`  ${this.#output.colors.dim(clock)}  ${text}`);
  }

  heading(text: string): void {
    this.#say('', this.#output.colors.bold(text));
  }

  note(text: string): void {
    this.#say('', ...text.split('\n').map((line) => `  ${this.#output.colors.yellow(line)}`));
  }

  closing(facts: readonly (readonly [string, string])[]): void {
    this.#say('');
    for (const [name, value] of facts) this.#say(`  ${this.#output.colors.dim(name.padEnd(10))} ${value}`);
    this.#say('');
  }

  #tell({ what, builder }: Happening, release: ReleaseView): string {
    const { dim, green, yellow } = this.#output.colors;
    const name = builder === undefined ? '' : this.#name(builder.key).padEnd(NAME_WIDTH);
    switch (what) {
      case 'opened':
        return `the log opens it for ${release.panel.length} builders${dim(' · who rebuild in secret')}`;
      case 'committed':
        return `${name} committed${dim(` · entry ${builder?.committedIndex}: a hash that shows nothing yet`)}`;
      case 'gave up':
        return `${name} ${yellow('gave up')} ${dim(`“${printable(builder?.failure ?? '')}”`)}`;
      case 'closed':
        return `the log closes it${dim(' · later commitments are not independent')}`;
      case 'voted':
        return this.#tellVote(name, builder);
      case 'audited':
        return `${name} audited${dim(` · entry ${builder?.auditIndex}: showed a random block with its proof`)}`;
      case 'verdict':
        return `the log's verdict: ${release.winner === null ? release.state : green(release.state)}`;
    }
  }

  #tellVote(name: string, builder: BuilderOnRelease | undefined): string {
    const { dim, yellow } = this.#output.colors;
    const hash = short(builder?.infoHashV2 ?? '');
    return builder?.committedIndex === undefined
      ? `${name} ${yellow(`votes ${hash} after seeing others`)}${dim(' · without a commitment')}`
      : `${name} voted ${hash}${dim(` · entry ${builder.voteIndex}: opens its commitment`)}`;
  }

  #groupLine(group: GroupView, release: ReleaseView): string {
    const { green, red, dim } = this.#output.colors;
    const won = group.infoHashV2 === release.winner;
    const seats = Math.max(release.panel.length, 1);
    const filled = Math.round((group.counted / seats) * BAR_WIDTH);
    const bar = '█'.repeat(filled) + dim('░'.repeat(BAR_WIDTH - filled));
    const counting = release.builders.filter(
      ({ infoHashV2, status }) => infoHashV2 === group.infoHashV2 && status === 'counts',
    );
    const names = counting.map(({ key }) => this.#name(key)).join(', ');
    const color = won ? green : red;
    return `${color(short(group.infoHashV2))}  ${color(bar)}  ${group.counted} of ${seats}  ${names}`;
  }

  #name(key: string): string {
    return this.#names.get(key) ?? `${key.slice(0, 8)}…`;
  }

  #say(...lines: string[]): void {
    for (const line of lines) this.#output.say(line);
  }
}

/** The first digits of a hash. */
export function short(hash: string): string {
  return `${hash.slice(0, 8)}…`;
}
