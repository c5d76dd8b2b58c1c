// `guard.mjs` must be imported first.
import './guard.mjs'
import { Hono } from 'hono'
import { makeSuite } from './suite.mjs'
import { wireApp } from './wire.mjs'

/**
 * The app of every runtime: it runs the suite on request, and serves an app for real connections.
 *
 * @param facts see `makeSuite`.
 */
export function makeApp(facts) {
  const runChecks = makeSuite(facts)
  return new Hono()
    .get('/ready', (c) => c.text('ready'))
    .get('/checks/:turn', async (c) => c.json(await runChecks(c.req.param('turn'))))
    .route('/wire', wireApp())
}
