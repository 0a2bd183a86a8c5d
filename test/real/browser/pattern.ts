/** The bytes that pages upload: made anew wherever they are needed, so that no file has to travel. No two parts are alike. */
export function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + (i >>> 16) * 3) & 255;
  return bytes;
}
