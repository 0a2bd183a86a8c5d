/** Waits for something with a deadline. */

/** Never rejects, and takes no longer than `millis`. @returns whether the promise was fulfilled in time. */
export async function within(millis: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), millis);
  });
  const fulfilled = promise.then(
    () => true,
    () => false,
  );
  const result = await Promise.race([fulfilled, late]);
  clearTimeout(timer);
  return result;
}
