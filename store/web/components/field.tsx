/** A labelled line of text. */

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly value?: string;
  readonly maxlength?: number;
}

/** An input whose label stands above it. */
export function Field({ label, name, value, maxlength }: FieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="text"
        name={name}
        value={value}
        maxlength={maxlength}
        autocomplete="off"
        required
      />
    </label>
  );
}
