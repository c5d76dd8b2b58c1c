// The suite as a Worker, for workerd. `FACTS` is put in by the bundler.
import '../portable/guard.mjs'
import { makeApp } from '../portable/app.mjs'

const app = makeApp(FACTS)

// Workers are default exports.
export { app as default }
