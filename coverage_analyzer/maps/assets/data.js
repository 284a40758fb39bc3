// The blocks of the page: base64 of gzip, unpacked into numbers and texts.

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
function fromBase64(text) {
  const native = /** @type {any} */ (Uint8Array).fromBase64;
  if (native) return native.call(Uint8Array, text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** @param {string} id */
async function bytesOf(id) {
  const holder = document.getElementById(id);
  if (!holder) throw new Error(`the block ${id} is missing`);
  const packed = fromBase64(holder.textContent.trim());
  holder.remove(); // its text is no longer needed, and may be large
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The JSON of a block.
 *
 * @param {string} id
 * @returns {Promise<any>}
 */
export async function jsonOf(id) {
  return JSON.parse(new TextDecoder().decode(await bytesOf(id)));
}

/**
 * Columns of a block by name: numbers, or for texts { text, begins } (packing.py, Block).
 *
 * @param {string} id
 * @param {ColumnSpec[]} specs
 * @returns {Promise<Record<string, Numbers | Texts>>}
 */
export async function columnsOf(id, specs) {
  const bytes = await bytesOf(id);
  /** @type {Record<string, Numbers | Texts>} */
  const columns = {};
  let at = 0;
  for (const spec of specs) {
    const values = numbersOf(bytes, at, spec);
    at += spec.count * spec.width;
    columns[spec.name] = values;
    if (spec.text === undefined) continue;
    const stored = bytes.subarray(at, at + spec.text);
    columns[spec.name] = textsOf(textBytes(stored, values, spec), values);
    at += spec.text;
  }
  return columns;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {ColumnSpec} spec
 * @returns {Numbers}
 */
function numbersOf(bytes, at, { count, width, low = 0, steps = false }) {
  const small = width <= 1 && low > -1000 && low < 32000;
  const values = new (steps ? Float64Array : small ? Int16Array : Int32Array)(count).fill(low);
  for (let plane = 0; plane < width; plane++) {
    const factor = 256 ** plane;
    const begin = at + plane * count;
    for (let i = 0; i < count; i++) values[i] += bytes[begin + i] * factor;
  }
  if (steps) for (let i = 1; i < count; i++) values[i] += values[i - 1];
  return values;
}

/**
 * The bytes of texts, one text after the other.
 *
 * @param {Uint8Array} bytes
 * @param {Numbers} lengths
 * @param {ColumnSpec} spec
 */
function textBytes(bytes, lengths, { count, across }) {
  if (across === undefined) return bytes;
  const text = new Uint8Array(count * across);
  let at = 0;
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < lengths[i]; k++) text[at++] = bytes[k * count + i];
  }
  return text.subarray(0, at);
}

/**
 * @param {Uint8Array} bytes
 * @param {Numbers} lengths
 * @returns {Texts}
 */
function textsOf(bytes, lengths) {
  const begins = new Uint32Array(lengths.length + 1);
  for (let i = 0; i < lengths.length; i++) begins[i + 1] = begins[i] + lengths[i];
  return { text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), begins };
}

/**
 * The row of texts that a position in all of their text belongs to.
 *
 * @param {Uint32Array} begins
 * @param {number} position
 */
export function rowAt(begins, position) {
  let from = 0;
  let to = begins.length - 1;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (begins[middle + 1] <= position) from = middle + 1;
    else to = middle;
  }
  return from;
}

/**
 * The text of a row.
 *
 * @param {Texts} texts
 * @param {number} row
 */
export function textAt({ text, begins }, row) {
  return text.slice(begins[row], begins[row + 1]);
}
