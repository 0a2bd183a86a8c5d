/** Requests to the admin port, with the token of the operator where it needs one. */

/** The admin port needs a token, or a valid one. */
export class Unauthorized extends Error {}

const TOKEN = 'mizuchi-admin-token';

export const storeToken = (token: string): void => sessionStorage.setItem(TOKEN, token);

export const hasToken = (): boolean => sessionStorage.getItem(TOKEN) !== null;

function headers(): Record<string, string> {
  const token = sessionStorage.getItem(TOKEN);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** @throws Unauthorized, or Error with the text of the response: the reason, and what to do. */
export async function get(path: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(path, {
    headers: headers(),
    cache: 'no-store',
    ...(signal !== undefined && { signal }),
  });
  if (response.status === 401) throw new Unauthorized('The admin port needs a token.');
  if (!response.ok) throw new Error(await reasonOf(response));
  return response;
}

async function reasonOf(response: Response): Promise<string> {
  const text = response.headers.get('content-type')?.startsWith('text/plain') ? (await response.text()).trim() : '';
  return text || `The gateway responded with status ${response.status}.`;
}

export async function getJson<T>(path: string): Promise<T> {
  const response = await get(path);
  return (await response.json()) as T;
}
