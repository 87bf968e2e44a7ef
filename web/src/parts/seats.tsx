import { type Ballot, ballotWords, seatsOf, stretchesOf } from '../view/ballot.ts';

const MOST_SEATS = 24;

/** The panel as seats with the quorum marked, or as one bar when there are too many to count with the eye. */
export function Seats({ ballot }: { ballot: Ballot }) {
  if (ballot.seats > MOST_SEATS) return <Bar ballot={ballot} />;
  return (
    <span class="seats" role="img" aria-label={ballotWords(ballot)}>
      {seatsOf(ballot).map((seat, index) => (
        <span key={index} class={`seat seat-${seat.kind}${seat.quorum ? ' seat-quorum' : ''}`} />
      ))}
    </span>
  );
}

function Bar({ ballot }: { ballot: Ballot }) {
  const { stretches, quorumAt } = stretchesOf(ballot);
  return (
    <svg
      class="bar"
      viewBox="0 0 1000 16"
      preserveAspectRatio="none"
      role="img"
      aria-label={ballotWords(ballot)}
    >
      {stretches.map((stretch, index) => (
        <rect
          key={index}
          class={`bar-${stretch.kind}`}
          x={stretch.start * 1000}
          y="0"
          width={stretch.length * 1000}
          height="16"
        />
      ))}
      <rect class="bar-quorum" x={Math.min(997, quorumAt * 1000 - 1.5)} y="0" width="3" height="16" />
    </svg>
  );
}
