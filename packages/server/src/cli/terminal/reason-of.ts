/** Why a call failed: the code of the error that caused it, since messages may have the URL or more in them. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  if (error.cause instanceof Error) return reasonOf(error.cause)
  // Of `createFetch`, and without anything of the response.
  if (/^the response is longer than \d+ bytes$/.test(error.message)) return error.message
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
