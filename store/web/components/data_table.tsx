/** Rows of figures, which scroll sideways where there is no room. */
import type { Child } from "hono/jsx";

interface DataTableProps {
  readonly label: string;
  readonly head: readonly string[];
  /** The first of each is its row's header. */
  readonly rows: readonly (readonly Child[])[];
}

/** A table in a box that can be reached and scrolled by keys. */
export function DataTable({ label, head, rows }: DataTableProps) {
  return (
    <div class="table-box" tabindex={0} role="group" aria-label={label}>
      <table>
        <thead>
          <tr>{head.map((name) => <th scope="col">{name}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map(([first, ...cells]) => (
            <tr>
              <th scope="row">{first}</th>
              {cells.map((cell) => <td>{cell}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
