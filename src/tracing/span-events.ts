/** The events of spans: the few moments of a body's way that explain a slow upload. They have no attributes. */

/** Name, and what happens then. */
export type SpanEvents = Readonly<Record<string, string>>;

export const REQUEST_EVENTS = {
  'upload.continue_sent': 'The gateway sent `100 Continue`: the request is allowed, and the client may send the body.',
  'upload.first_byte_received': 'The first bytes of the body were received from the client.',
  'upload.last_byte_received': 'The body was received completely.',
} as const satisfies SpanEvents;

export const STORE_EVENTS = {
  's3.first_byte_sent': 'The first bytes of the body were handed to the connection.',
  's3.last_byte_sent':
    'The last byte of the request was handed to the connection; the store has still to read and to respond.',
  's3.response_headers_received': 'The headers of the response were received.',
} as const satisfies SpanEvents;
