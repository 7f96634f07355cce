/** Which models are asked for texts of Flint's own: parts of drafts, notes on older turns. */

/**
 * Weights a model must have. Smaller ones are not asked: of what SmolLM2 (135 million) wrote,
 * nearly nothing was fit, and it named the right operation in 14 % of cases. Templates and
 * extracts are better, and there at once.
 */
export const WRITER_PARAMETERS = 500e6;
