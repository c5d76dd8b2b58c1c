declare const process: { readonly env: { readonly NODE_ENV?: string } }

/** What is logged if no option says it. */
export type Verbosity = 'refusals' | 'errors' | 'notices'

let verbosity: Verbosity | undefined

/**
 * All refusals in development, errors in production, and notices only in a test. `NODE_ENV` is read in the form that bundlers replace; if
 * it cannot be read, as in a Worker whose bundler did not set it, this is production.
 */
export function defaultVerbosity(): Verbosity {
  verbosity ??= verbosityOf(mode())
  return verbosity
}

function mode(): string | undefined {
  try {
    return process.env.NODE_ENV
  } catch {
    return 'production'
  }
}

function verbosityOf(env: string | undefined): Verbosity {
  if (env === 'test') return 'notices'
  return env === 'production' ? 'errors' : 'refusals'
}
