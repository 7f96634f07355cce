/** A labelled line of text. */

interface FieldProps {
  readonly label: string;
  readonly name: string;
  /** Default: "text". */
  readonly type?: string;
  readonly maxlength?: number;
  readonly required?: boolean;
  readonly value?: string | undefined;
  readonly placeholder?: string | undefined;
  /** Id of a datalist. */
  readonly list?: string;
}

/** An input whose label stands above it. */
export function Field({ label, type = "text", ...rest }: FieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input type={type} autocomplete="off" {...rest} />
    </label>
  );
}
