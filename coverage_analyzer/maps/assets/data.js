// The blocks of the page: base64 of gzip, unpacked into numbers and texts.

/** @typedef {{ bytes: Uint8Array, at: number }} Unread Bytes, and where the next column begins. */

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
  const block = { bytes: await bytesOf(id), at: 0 };
  /** @type {Record<string, Numbers | Texts>} */
  const columns = {};
  for (const spec of specs) columns[spec.name] = columnOf(block, spec);
  return columns;
}

/**
 * The next column of a block.
 *
 * @param {Unread} block
 * @param {ColumnSpec} spec
 * @returns {Numbers | Texts}
 */
function columnOf(block, spec) {
  const values = numbersOf(block, spec);
  if (spec.words) return recurringTexts(/** @type {Texts} */ (columnOf(block, spec.words)), values);
  if (spec.radix) return textsOfNumbers(values, spec);
  if (spec.text === undefined) return values;
  const stored = block.bytes.subarray(block.at, block.at + spec.text);
  block.at += spec.text;
  return textsOf(textBytes(stored, values, spec), values);
}

/**
 * The smallest type that holds a column.
 *
 * @param {ColumnSpec} spec
 */
function typeOf({ width, low = 0, steps, radix }) {
  if (steps || (radix && width > 3)) return Float64Array;
  return width <= 1 && low > -1000 && low < 32000 ? Int16Array : Int32Array;
}

/**
 * @param {Unread} block
 * @param {ColumnSpec} spec
 * @returns {Numbers}
 */
function numbersOf(block, spec) {
  const { count, width, low = 0, steps = false, top = 8 } = spec;
  const values = new (typeOf(spec))(count).fill(low);
  for (let plane = 0; plane < width; plane++) {
    const factor = 256 ** plane;
    const bits = plane === width - 1 ? top : 8;
    addPlane(values, block, bits, factor);
    block.at += Math.ceil((count * bits) / 8);
  }
  if (steps) for (let i = 1; i < count; i++) values[i] += values[i - 1];
  return values;
}

/**
 * Adds numbers of 1, 2, 4 or 8 bits, of which the first ones are the lowest bits of a byte.
 *
 * @param {Numbers} values
 * @param {Unread} block
 * @param {number} bits
 * @param {number} factor
 */
function addPlane(values, { bytes, at }, bits, factor) {
  if (bits === 8) {
    for (let i = 0; i < values.length; i++) values[i] += bytes[at + i] * factor;
    return;
  }
  const mask = 2 ** bits - 1;
  for (let i = 0; i < values.length; i++) {
    const place = i * bits;
    values[i] += ((bytes[at + (place >> 3)] >> (place & 7)) & mask) * factor;
  }
}

/**
 * Texts of which each word is stored once.
 *
 * @param {Texts} words
 * @param {Numbers} codes
 * @returns {Texts}
 */
function recurringTexts(words, codes) {
  const list = Array.from({ length: words.begins.length - 1 }, (_, row) => textAt(words, row));
  const begins = new Uint32Array(codes.length + 1);
  for (let i = 0; i < codes.length; i++) begins[i + 1] = begins[i] + list[codes[i]].length;
  return { text: Array.from(codes, (code) => list[code]).join(""), begins };
}

/**
 * Texts of one length as numbers, whose digits are the characters above the least of each position.
 *
 * @param {Numbers} values
 * @param {ColumnSpec} spec
 * @returns {Texts}
 */
function textsOfNumbers(values, { least = [], radix = [] }) {
  const length = radix.length;
  const bytes = new Uint8Array(values.length * length);
  for (let i = 0; i < values.length; i++) {
    let rest = values[i];
    for (let k = length - 1; k >= 0; k--) {
      const digit = rest % radix[k];
      bytes[i * length + k] = least[k] + digit;
      rest = (rest - digit) / radix[k];
    }
  }
  return textsOf(bytes, new Int32Array(values.length).fill(length));
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
