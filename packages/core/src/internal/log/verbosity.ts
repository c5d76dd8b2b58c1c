declare const process: { readonly env: { readonly NODE_ENV?: string } }

/** What is logged if no option says it. */
export type Verbosity = 'refusals' | 'errors' | 'notices'

/**
 * All refusals in development, errors in production, and notices only in a test. `NODE_ENV` is read in the form that bundlers replace; if
 * it cannot be read, as in a Worker whose bundler did not set it, this is production.
 */
export function defaultVerbosity(): Verbosity {
  let mode: string | undefined
  try {
    mode = process.env.NODE_ENV
  } catch {
    mode = 'production'
  }
  if (mode === 'test') return 'notices'
  return mode === 'production' ? 'errors' : 'refusals'
}
