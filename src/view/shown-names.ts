/** How the view shows names that may be personal data. */
export interface ShownNames {
  /** The key, or its hash. */
  key(key: string): string;
  /** The pseudonym of an authenticated caller. */
  caller(subject: string): string;
  /** A hash of an upload ID. */
  upload(uploadId: string): string;
}
