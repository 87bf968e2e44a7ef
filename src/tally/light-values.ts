import { canonicalJson } from './canonical-json.ts';
import type { LightKey } from './light-state.ts';
import { stateOf, winnerOf } from './release-state.ts';
import type { Tally } from './state.ts';

/**
 * What a client that does not count for itself has to know about one thing, as canonical JSON of whole numbers and
 * texts; undefined when the map has no such key. It holds until something happens: no value changes by time alone.
 * docs/protocol.md lists the fields.
 */
export function lightValue(tally: Tally, key: LightKey): string | undefined {
  const at = key.indexOf(':');
  const id = key.slice(at + 1);
  switch (at < 0 ? key : key.slice(0, at)) {
    case 'policy':
      return at < 0 ? policyValue(tally) : takenPolicyValue(tally, Number(id));
    case 'builder':
      return builderValue(tally, id);
    case 'release':
      return releaseValue(tally, id);
    case 'name':
      return nameValue(tally, id);
    default:
      return newestValue(tally, id);
  }
}

/** Every key that a count has a value for, in no order. */
export function* lightKeys(tally: Tally): Generator<LightKey> {
  yield 'policy';
  for (const { index } of tally.light.policies) yield `policy:${index}`;
  for (const key of tally.builders.keys()) yield `builder:${key}`;
  for (const digest of tally.releases.keys()) yield `release:${digest}`;
  for (const name of tally.names.keys()) yield `name:${name}`;
  for (const name of tally.light.newest.keys()) yield `newest:${name}`;
}

function policyValue(tally: Tally): string | undefined {
  if (tally.policy === undefined) return undefined;
  const { digest, index, effectiveMs } = tally.policy;
  return canonicalJson({ digest, index, effectiveMs });
}

/** A policy that was taken, from its entry on and for ever, so that monitors vouch for it before it is in force. */
function takenPolicyValue(tally: Tally, index: number): string | undefined {
  const policy = tally.light.policies.find((each) => each.index === index);
  return policy && canonicalJson({ effectiveMs: policy.effectiveMs, payload: policy.payloadDigest });
}

function builderValue(tally: Tally, key: string): string | undefined {
  const builder = tally.builders.get(key);
  if (builder === undefined) return undefined;
  const { currentKey, eligible, memberSince, revoked, coolingUntilMs, suspendedUntilMs } = builder.life;
  return canonicalJson({
    currentKey,
    eligible: Number(eligible),
    founder: Number(tally.policy?.rules.founders.includes(key) === true),
    memberSinceMs: memberSince?.timeMs,
    coolingUntilMs: coolingUntilMs === 0 ? undefined : coolingUntilMs,
    suspendedUntilMs: suspendedUntilMs === 0 ? undefined : suspendedUntilMs,
    revokedIndex: revoked?.index,
  });
}

function releaseValue(tally: Tally, digest: string): string | undefined {
  const release = tally.releases.get(digest);
  if (release === undefined) return undefined;
  const { draw, verdict, predicate, ended, lifted, round } = release;
  const hasPanel = release.open !== undefined;
  return canonicalJson({
    index: release.index,
    package: predicate.package,
    state: stateOf(tally, release),
    panel: hasPanel ? draw.panel : undefined,
    seniors: hasPanel ? draw.seniors : undefined,
    quorum: hasPanel ? draw.quorum : undefined,
    round,
    infoHashV2: winnerOf(release) ?? undefined,
    supersededBy: ended?.by,
    liftedIndex: lifted?.index,
    verdictIndex: verdict?.index,
  });
}

function nameValue(tally: Tally, name: string): string | undefined {
  const known = tally.names.get(name);
  return known && canonicalJson({ live: known.live, rivals: known.rivals });
}

function newestValue(tally: Tally, name: string): string | undefined {
  const known = tally.light.newest.get(name);
  return known && canonicalJson({ final: shown(tally, known.final), urgent: shown(tally, known.urgent) });
}

function shown(tally: Tally, digest: string | undefined) {
  const release = digest === undefined ? undefined : tally.releases.get(digest);
  return release && { index: release.index, package: release.predicate.package, release: release.digest };
}
