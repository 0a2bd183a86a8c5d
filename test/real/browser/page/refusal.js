/** What a page can read of a refused request. */

/** @returns undefined where the response is a success. */
export function refusal(status, text, requestId) {
  if (status >= 200 && status < 300) return undefined;
  const document = new DOMParser().parseFromString(text, 'application/xml');
  return { status, code: document.querySelector('Code')?.textContent ?? null, requestId };
}

export async function refusalOf(response) {
  return refusal(response.status, await response.text(), response.headers.get('x-amz-request-id'));
}
