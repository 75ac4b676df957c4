export const LINE_BYTES = 16

export interface HexLine {
  readonly at: string
  readonly hex: string
  readonly text: string
}

/** Line `index` of a hex view. A short last line is padded, so that the columns stand. */
export function hexLine(bytes: Uint8Array, index: number): HexLine {
  const line = bytes.subarray(index * LINE_BYTES, (index + 1) * LINE_BYTES)
  const hex = Array.from({ length: LINE_BYTES }, (_, i) => (i < line.length ? (line[i] ?? 0).toString(16).padStart(2, '0') : '  '))
  return {
    at: (index * LINE_BYTES).toString(16).padStart(bytes.length > 0xffff ? 6 : 4, '0'),
    hex: `${hex.slice(0, 8).join(' ')}  ${hex.slice(8).join(' ')}`,
    text: Array.from(line, byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join(''),
  }
}

/** The first bytes in one line, for a cell. */
export const hexStart = (bytes: Uint8Array, most = 24) =>
  Array.from(bytes.subarray(0, most), byte => byte.toString(16).padStart(2, '0')).join(' ')
