import { env } from 'node:process'
import { createApp } from './app.ts'
import manifest from './policy.json' with { type: 'json' }

/** The app for `deno serve`, which does not provide client certificates. */
export default { fetch: createApp({ settings: env, manifest }).fetch }
