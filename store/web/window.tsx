/**
 * `/core/window`: what the core did with its memory, whether neighbouring tokens use the same
 * neurons here, and what holds this machine back. Drawn on the server; islands/core.ts has the
 * region drawn anew while it is looked at.
 */
import type { EngineReport } from "@flint/core";
import { Empty } from "./components/empty.tsx";
import { BudgetBar, Legend } from "./components/meter.tsx";
import { LayerChart, SpanChart } from "./components/reuse.tsx";
import { formatBytes, formatMs, formatRate, formatShare } from "./figures.ts";
import { type Frame, Page } from "./layout.tsx";
import type { Say } from "./strings.ts";

/** Share of the time spent waiting from which flash, not computing, is what holds a machine back. */
const WAITING_SHARE = 0.25;
/** Points above a random set from which recency is called worth something. */
const GAIN_MIN = 0.03;

/** The page. */
export function Window({ frame }: { frame: Frame }) {
  const { say, report } = frame;
  return (
    <Page frame={frame} title={`${say("windowTitle")} · Flint`}>
      <main id="content" class="home window">
        <div id="core-report" data-region>
          {report
            ? <Account report={report} say={say} />
            : <Empty icon="cpu" title={say("noEngine")} hint={say("coreHint")} />}
        </div>
      </main>
    </Page>
  );
}

function Account({ report, say }: { report: EngineReport; say: Say }) {
  return (
    <>
      <header class="window-head">
        <h1>{say("windowTitle")}</h1>
        <p>{say("windowHint")}</p>
      </header>
      <Pace report={report} say={say} />
      <section aria-labelledby="memory-title">
        <h2 id="memory-title">{say("memoryTitle")}</h2>
        <BudgetBar budget={report.budget} />
        <Legend budget={report.budget} say={say} />
      </section>
      {report.choice && <Choice choice={report.choice} fidelity={report.fidelity} say={say} />}
      <Reuse report={report} say={say} />
    </>
  );
}

/** How fast, and what for: the figures since the start, and the one sentence they add up to. */
function Pace({ report: { counters }, say }: { report: EngineReport; say: Say }) {
  const { tokens, stepMs, waitMs, bytesRead, bytesUsed } = counters;
  if (tokens === 0) return <p class="window-verdict">{say("nothingSaidYet")}</p>;
  const waiting = waitMs / stepMs;
  const tiles = [
    ["tokensPerSecond", formatRate(tokens / stepMs * 1000)],
    ["hitRate", formatShare(1 - bytesRead / bytesUsed)],
    ["readPerToken", formatBytes(bytesRead / tokens)],
    ["readRate", `${formatBytes(bytesRead / stepMs * 1000)}/s`],
    ["waitedForFlash", formatShare(waiting)],
    ["perStep", formatMs(stepMs / counters.steps)],
  ] as const;
  return (
    <section aria-labelledby="pace-title">
      <h2 id="pace-title">{say("paceTitle")}</h2>
      <dl class="tiles">
        {tiles.map(([name, value]) => (
          <div>
            <dt>{say(name)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="window-verdict">
        {say(waiting >= WAITING_SHARE ? "boundByFlash" : "boundByCompute", {
          share: formatShare(waiting),
        })}
      </p>
    </section>
  );
}

/** What a fidelity below exact answers with, and what that is expected to cost. */
function Choice({ choice, fidelity, say }: {
  choice: NonNullable<EngineReport["choice"]>;
  fidelity: EngineReport["fidelity"];
  say: Say;
}) {
  const rows = [["choiceExact", choice.exact], ["choiceCoarse", choice.coarse]] as const;
  return (
    <section aria-labelledby="choice-title">
      <h2 id="choice-title">{`${say("fidelity")}: ${say(fidelity)}`}</h2>
      <p>{say("choiceHint", { kl: choice.expectedDivergence.toFixed(3) })}</p>
      <table class="spans">
        <thead>
          <tr>
            <th scope="col">{say("weights")}</th>
            <th scope="col">{say("inMemory")}</th>
            <th scope="col">{say("readEachStep")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, { pinned, streamed }]) => (
            <tr>
              <th scope="row">{say(name)}</th>
              <td>{formatBytes(pinned)}</td>
              <td>{formatBytes(streamed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Reuse({ report: { reuse }, say }: { report: EngineReport; say: Say }) {
  const nearest = reuse?.spans[0];
  if (!reuse || !nearest || reuse.tokens === 0) {
    return (
      <section aria-labelledby="reuse-title">
        <h2 id="reuse-title">{say("reuseTitle", { items: say("neurons") })}</h2>
        <p class="window-verdict">{say("reuseNotYet")}</p>
      </section>
    );
  }
  const gain = nearest.hitRate - nearest.random, items = say(reuse.of);
  return (
    <section aria-labelledby="reuse-title">
      <h2 id="reuse-title">{say("reuseTitle", { items })}</h2>
      <p>{say("reuseHint", { items })}</p>
      <p class="window-verdict">
        {say(gain >= GAIN_MIN ? "reuseGain" : "reuseNone", {
          items,
          hit: formatShare(nearest.hitRate),
          random: formatShare(nearest.random),
          static: formatShare(nearest.static),
          tokens: String(reuse.tokens),
        })}
      </p>
      <SpanChart spans={reuse.spans} items={items} say={say} />
      <h3>{say("reuseByLayer")}</h3>
      <LayerChart layers={reuse.layers} say={say} />
    </section>
  );
}
