/** Reuse of neurons as pictures: by window span, and layer by layer. Attributes only, no inline style. */
import type { EngineReport } from "@flint/core";
import { formatShare } from "../figures.ts";
import type { Say } from "../strings.ts";

type SpanReuse = NonNullable<EngineReport["reuse"]>["spans"][number];

/** What a window hits, and what it is compared with. */
const SERIES = ["hitRate", "static", "random"] as const;
const NAMES = { hitRate: "seriesWindow", static: "seriesStatic", random: "seriesRandom" } as const;

/** Size of the layers' chart, in its own units: 4 wide for each bar. */
const BAR = 4, HEIGHT = 40;

function Key({ say }: { say: Say }) {
  return (
    <ul class="legend">
      {SERIES.map((name) => (
        <li>
          <i class={`swatch series-${name}`} />
          {say(NAMES[name])}
        </li>
      ))}
    </ul>
  );
}

/** One row of bars for each span, with the figures beside them: it reads as a table. */
export function SpanChart(
  { spans, items, say }: { spans: readonly SpanReuse[]; items: string; say: Say },
) {
  return (
    <div class="wide-scroll" tabindex={0} role="group" aria-label={say("reuseTitle", { items })}>
      <table class="spans">
        <thead>
          <tr>
            <th scope="col">{say("span")}</th>
            <th scope="col">{say("windowSize", { items })}</th>
            {SERIES.map((name) => <th scope="col">{say(NAMES[name])}</th>)}
            <th scope="col">{say("newNeurons")}</th>
          </tr>
        </thead>
        <tbody>
          {spans.map((one) => (
            <tr>
              <th scope="row">{say("spanTokens", { n: String(one.span) })}</th>
              <td>{formatShare(one.windowShare)}</td>
              {SERIES.map((name) => (
                <td>
                  <svg
                    class="bar"
                    viewBox="0 0 100 6"
                    preserveAspectRatio="none"
                    aria-hidden="true"
                  >
                    <rect
                      class={`series-${name}`}
                      width={(one[name] * 100).toFixed(1)}
                      height="6"
                    />
                  </svg>
                  {formatShare(one[name])}
                </td>
              ))}
              <td>{Math.round(one.newNeurons)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Bars: what the previous token's neurons hit in each layer; marks: a static and a random set. */
export function LayerChart({ layers, say }: { layers: readonly SpanReuse[]; say: Say }) {
  const mark = (layer: SpanReuse, i: number, name: "static" | "random") => (
    <rect
      class={`series-${name}`}
      x={i * BAR}
      y={((1 - layer[name]) * HEIGHT - 0.4).toFixed(2)}
      width={BAR - 0.5}
      height="0.8"
    />
  );
  return (
    <figure class="layers">
      <svg
        viewBox={`0 0 ${layers.length * BAR} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={say("reuseByLayer")}
      >
        {layers.map((layer, i) => (
          <g>
            <title>
              {say("layerFigures", {
                layer: String(i),
                hit: formatShare(layer.hitRate),
                random: formatShare(layer.random),
                static: formatShare(layer.static),
              })}
            </title>
            <rect
              class="series-hitRate"
              x={i * BAR}
              y={((1 - layer.hitRate) * HEIGHT).toFixed(2)}
              width={BAR - 0.5}
              height={(layer.hitRate * HEIGHT).toFixed(2)}
            />
            {mark(layer, i, "static")}
            {mark(layer, i, "random")}
          </g>
        ))}
      </svg>
      <figcaption>
        <Key say={say} />
      </figcaption>
    </figure>
  );
}
