/** What the test calls in the page: each way of uploading, by its name. */
export { uploadByBearerFetch } from './bearer-fetch.js';
export { uploadByFormFetch } from './form-fetch.js';
export { uploadByLibStorage } from './lib-storage.js';
export { uploadByPresignedXhr } from './presigned-xhr.js';
export { refusalOf } from './refusal.js';
export { serverTimingOf } from './server-timing.js';
export { uploadByUppy, uploadByUppyForm, uploadByUppyKeys, uploadByUppyParts } from './uppy.js';
