/** The core at a glance: budget and hit rate in the header, the whole account behind it. */
import type { EngineReport } from "@flint/core";
import { budgetBar, budgetParts, type CoreFigures, coreFigures, formatBytes } from "../figures.ts";
import type { Say } from "../strings.ts";

interface MeterProps {
  /** undefined while no engine is open. */
  readonly report: EngineReport | undefined;
  readonly title: string;
  readonly say: Say;
}

/** The chip and its panel; islands/core.ts keeps both live through the `data-core` names. */
export function Meter({ report, title, say }: MeterProps) {
  const figures = report && coreFigures(report, undefined, say);
  return (
    <div id="meter" class="meter" data-region data-model={report?.model}>
      <button type="button" class="meter-chip" popovertarget="core">
        <span class="unseen">{say("core")}</span>
        <BudgetBar budget={report?.budget} />
        {report && <span class="meter-limit">{formatBytes(report.budget.limit)}</span>}
        <span class="meter-rate" data-core="hitRate">{figures?.hitRate}</span>
      </button>
      <section id="core" popover="auto" class="panel meter-panel" aria-labelledby="core-title">
        <h2 id="core-title">{say("core")}</h2>
        <p>{say("coreHint")}</p>
        {report && figures
          ? <Account report={report} figures={figures} title={title} say={say} />
          : <p class="meter-none">{say("noEngine")}</p>}
      </section>
    </div>
  );
}

/** The budget as one bar; drawn with attributes, for the page allows no inline style. */
export function BudgetBar({ budget }: { budget: EngineReport["budget"] | undefined }) {
  const stretches = budget ? budgetBar(budget) : [];
  return (
    <svg class="budget" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      {stretches.map(({ x, width }, i) => (
        <rect
          class={`part-${budgetParts[i]}`}
          x={x.toFixed(2)}
          width={width.toFixed(2)}
          height="8"
        />
      ))}
    </svg>
  );
}

/** What the stretches of the bar are, and how much of each. */
export function Legend({ budget, say }: { budget: EngineReport["budget"]; say: Say }) {
  return (
    <ul class="legend">
      {budgetParts.filter((part) => budget[part] > 0).map((part) => (
        <li>
          <i class={`swatch part-${part}`} />
          {say(part)}
          <span data-part={part}>{formatBytes(budget[part])}</span>
        </li>
      ))}
    </ul>
  );
}

interface AccountProps extends MeterProps {
  readonly report: EngineReport;
  readonly figures: CoreFigures;
}

function Account({ report, figures, title, say }: AccountProps) {
  const { budget } = report;
  const live = (name: keyof CoreFigures) => <dd data-core={name}>{figures[name]}</dd>;
  return (
    <>
      <div class="meter-memory">
        <span>{say("memory")}</span>
        <strong data-core="used">{figures.used}</strong>
      </div>
      <BudgetBar budget={budget} />
      <Legend budget={budget} say={say} />
      <dl class="figures">
        <div>
          <dt>{say("hitRate")}</dt>
          {live("hitRate")}
        </div>
        <div>
          <dt>{say("readPerToken")}</dt>
          {live("readPerToken")}
        </div>
        <div>
          <dt>{say("queue")}</dt>
          {live("queue")}
        </div>
        <div>
          <dt>{say("threads")}</dt>
          <dd>{report.threads}</dd>
        </div>
        <div>
          <dt>{say("model")}</dt>
          <dd>{title}</dd>
        </div>
        <div>
          <dt>{say("fidelity")}</dt>
          <dd>{say(report.fidelity)}</dd>
        </div>
      </dl>
      <a class="button quiet" href="/core/window">{say("windowMore")}</a>
    </>
  );
}
