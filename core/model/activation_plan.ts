/** The part of the memory map for what weights are multiplied with, in the forms they want. */
import type { Ledger } from "../flash/budget.ts";
import type { MatrixName, Unit } from "../flash/layout.ts";
import { activationBytes, type ActivationForm, activationForm } from "../kernels/kernels.ts";

/** Activations of one matrix input in each form some weight wants; addresses of token 0. */
export interface Activation {
  readonly f32: number;
  readonly f32Stride: number;
  readonly q8x256: number;
  readonly q8x256Stride: number;
  readonly q16x32: number;
  readonly q16x32Stride: number;
  readonly forms: readonly ActivationForm[];
}

/** The forms that some weights want. */
type Forms = ReadonlySet<ActivationForm>;

/** Forms of activations that the given matrices' weights are multiplied with. */
export function formsFor(units: readonly Unit[], matrices: readonly MatrixName[]): Forms {
  const parts = units.flatMap((unit) => unit.parts.filter((p) => matrices.includes(p.matrix)));
  return new Set(parts.map((part) => activationForm(part.type)));
}

/** Reserves (rows, cols) f32 and the quantized forms; cols may be split in `pieces` quantized apart. */
export function reserveActivation(
  ledger: Ledger,
  name: string,
  shape: { rows: number; cols: number; pieces?: number; f32?: number },
  forms: Forms,
): Activation {
  const { rows, cols, pieces = 1 } = shape;
  const stride = (form: ActivationForm) =>
    forms.has(form) ? activationBytes(form, cols / pieces) * pieces : 0;
  const q8x256Stride = stride("q8x256"), q16x32Stride = stride("q16x32");
  return {
    f32: shape.f32 ?? ledger.reserve(name, rows * cols * 4),
    f32Stride: cols * 4,
    q8x256: ledger.reserve(name, rows * q8x256Stride),
    q8x256Stride,
    q16x32: ledger.reserve(name, rows * q16x32Stride),
    q16x32Stride,
    forms: [...forms],
  };
}
