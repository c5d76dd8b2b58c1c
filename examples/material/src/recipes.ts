/** A shell command, and its expected output. */
export interface Recipe {
  readonly title: string
  readonly command: string
  readonly answer: string
}

/** Prints commands to paste, each with its expected output below it. */
export function printRecipes(recipes: readonly Recipe[]): void {
  for (const { title, command, answer } of recipes) console.log(`# ${title}\n${command}\n#=> ${answer}\n`)
}

/** The body of a response to a request without a valid credential. */
export const UNAUTHORIZED: string = failure(401, 'Unauthorized', 'Unauthorized')

/** The body of a response to a request that its user may not make. */
export function forbidden(message: string, details: object = {}): string {
  return failure(403, 'Forbidden', message, details)
}

/** A Kubernetes `Status`. */
export function failure(code: number, reason: string, message: string, details?: object): string {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason }
  return JSON.stringify({ ...status, details, code })
}
