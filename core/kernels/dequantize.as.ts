/** One row of any type to f32: an embedding lookup, so plain loops do. Layouts: see each type. */
import { half } from "./lanes.as";

@inline
function put(out: usize, index: usize, value: f32): void {
  store<f32>(out + (index << 2), value);
}

@inline
function byte(at: usize): i32 {
  return load<u8>(at);
}

/** Nibble i of a block of 32: 0-15 low, 16-31 high. */
@inline
function nibble(qs: usize, i: usize): i32 {
  return i < 16 ? byte(qs + i) & 15 : byte(qs + i - 16) >> 4;
}

/** Blocks of 32: weight = d * (q - offset) + m; `fifth` says whether 32 fifth bits come first. */
@inline
function narrow(
  w: usize,
  cols: i32,
  out: usize,
  blockBytes: usize,
  hasMin: bool,
  fifth: bool,
  offset: i32,
): void {
  for (let c = 0; c < cols; c += 32, w += blockBytes, out += 128) {
    const d = half(load<u16>(w));
    const m = hasMin ? half(load<u16>(w, 2)) : <f32>0;
    const bits = fifth ? load<u32>(w + (hasMin ? 4 : 2)) : 0;
    const qs = w + blockBytes - 16;
    for (let i: usize = 0; i < 32; i++) {
      const q = nibble(qs, i) | (fifth ? ((bits >> <u32>i) & 1) << 4 : 0);
      put(out, i, d * <f32>(<i32>q - offset) + m);
    }
  }
}

function q80(w: usize, cols: i32, out: usize): void {
  for (let c = 0; c < cols; c += 32, w += 34, out += 128) {
    const d = half(load<u16>(w));
    for (let i: usize = 0; i < 32; i++) put(out, i, d * <f32>load<i8>(w + i, 2));
  }
}

/** Six-bit scale k of a Q4_K or Q5_K block's 12 bytes; mins are the same four bytes further. */
@inline
function scale6(s: usize, k: usize, isMin: bool): i32 {
  const lead: usize = isMin ? 4 : 0;
  if (k < 4) return byte(s + lead + k) & 63;
  const low = byte(s + 4 + k);
  return (isMin ? low >> 4 : low & 15) | ((byte(s + lead + k - 4) >> 6) << 4);
}

/** Q4_K (144) and Q5_K (176, with 32 bytes of fifth bits before the nibbles). */
/** F2_K and F3_K: see few.as.ts. */
function few(w: usize, cols: i32, out: usize, blockBytes: usize): void {
  for (let c = 0; c < cols; c += 256, w += blockBytes, out += 1024) {
    const d = half(load<u16>(w));
    const dmin = half(load<u16>(w, 2));
    for (let i: usize = 0; i < 256; i++) {
      const k = i >> 5;
      const at = w + 16 + (i & 31);
      let q = 0;
      if (blockBytes == 80) q = (byte(at + ((k >> 2) << 5)) >> <i32>((k & 3) << 1)) & 3;
      else if (k < 6) q = (byte(at + ((k >> 1) << 5)) >> <i32>((k & 1) * 3)) & 7;
      else q = byte(at + ((k & 1) << 5)) >> 6 | ((byte(at + 64) >> <i32>k) & 1) << 2;
      const scale = d * <f32>scale6(w + 4, k, false);
      put(out, i, scale * <f32>q - dmin * <f32>scale6(w + 4, k, true));
    }
  }
}

@inline
function k45(w: usize, cols: i32, out: usize, blockBytes: usize, fifth: bool): void {
  for (let c = 0; c < cols; c += 256, w += blockBytes, out += 1024) {
    const d = half(load<u16>(w));
    const dmin = half(load<u16>(w, 2));
    const qs = w + blockBytes - 128;
    for (let i: usize = 0; i < 256; i++) {
      const k = i >> 5;
      const pair = byte(qs + ((i >> 6) << 5) + (i & 31));
      const low = (k & 1) == 1 ? pair >> 4 : pair & 15;
      const q = low | (fifth ? ((byte(w + 16 + (i & 31)) >> <i32>k) & 1) << 4 : 0);
      const scale = d * <f32>scale6(w + 4, k, false);
      put(out, i, scale * <f32>q - dmin * <f32>scale6(w + 4, k, true));
    }
  }
}

function q2k(w: usize, cols: i32, out: usize): void {
  for (let c = 0; c < cols; c += 256, w += 84, out += 1024) {
    const d = half(load<u16>(w, 80));
    const dmin = half(load<u16>(w, 82));
    for (let i: usize = 0; i < 256; i++) {
      const s = byte(w + (i >> 4));
      const q = (byte(w + 16 + ((i >> 7) << 5) + (i & 31)) >> <i32>(((i >> 5) & 3) << 1)) & 3;
      put(out, i, d * <f32>(s & 15) * <f32>q - dmin * <f32>(s >> 4));
    }
  }
}

/** Six-bit scale k of a Q3_K block's 12 bytes, less 32. */
@inline
function scale3(s: usize, k: usize): i32 {
  const low = k < 8 ? byte(s + k) & 15 : byte(s + k - 8) >> 4;
  return (low | (((byte(s + 8 + (k & 3)) >> <i32>((k >> 2) << 1)) & 3) << 4)) - 32;
}

function q3k(w: usize, cols: i32, out: usize): void {
  for (let c = 0; c < cols; c += 256, w += 110, out += 1024) {
    const d = half(load<u16>(w, 108));
    for (let i: usize = 0; i < 256; i++) {
      const low = (byte(w + 32 + ((i >> 7) << 5) + (i & 31)) >> <i32>(((i >> 5) & 3) << 1)) & 3;
      const q = low | (((byte(w + (i & 31)) >> <i32>(i >> 5)) & 1) << 2);
      put(out, i, d * <f32>scale3(w + 96, i >> 4) * <f32>(q - 4));
    }
  }
}

function q6k(w: usize, cols: i32, out: usize): void {
  for (let c = 0; c < cols; c += 256, w += 210, out += 1024) {
    const d = half(load<u16>(w, 208));
    for (let i: usize = 0; i < 256; i++) {
      const n = i >> 7;
      const k = (i >> 5) & 3;
      const pair = byte(w + (n << 6) + ((k & 1) << 5) + (i & 31));
      const top = (byte(w + 128 + (n << 5) + (i & 31)) >> <i32>(k << 1)) & 3;
      const q = (k > 1 ? pair >> 4 : pair & 15) | (top << 4);
      put(out, i, d * <f32>load<i8>(w + (i >> 4), 192) * <f32>(q - 32));
    }
  }
}

function f16(w: usize, cols: i32, out: usize): void {
  for (let i: usize = 0; i < <usize>cols; i++) put(out, i, half(load<u16>(w + (i << 1))));
}

function bf16(w: usize, cols: i32, out: usize): void {
  for (let i: usize = 0; i < <usize>cols; i++) {
    store<u32>(out + (i << 2), <u32>load<u16>(w + (i << 1)) << 16);
  }
}

/** See `Kernels.dequantize`. */
export function dequantize(type: i32, w: usize, cols: i32, out: usize): void {
  switch (type) {
    case 0: return memory.copy(out, w, <usize>cols << 2);
    case 1: return f16(w, cols, out);
    case 2: return narrow(w, cols, out, 18, false, false, 8);
    case 3: return narrow(w, cols, out, 20, true, false, 0);
    case 6: return narrow(w, cols, out, 22, false, true, 16);
    case 7: return narrow(w, cols, out, 24, true, true, 0);
    case 8: return q80(w, cols, out);
    case 10: return q2k(w, cols, out);
    case 11: return q3k(w, cols, out);
    case 12: return k45(w, cols, out, 144, false);
    case 13: return k45(w, cols, out, 176, true);
    case 14: return q6k(w, cols, out);
    case 102: return few(w, cols, out, 80);
    case 103: return few(w, cols, out, 112);
    case 30: return bf16(w, cols, out);
    default: unreachable();
  }
}
