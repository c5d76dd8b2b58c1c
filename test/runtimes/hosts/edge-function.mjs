// The suite for Vercel's edge runtime, which knows events and no exports. `FACTS` is put in by the bundler.
import '../portable/guard.mjs'
import { makeApp } from '../portable/app.mjs'

const app = makeApp(FACTS)
addEventListener('fetch', (event) => event.respondWith(app.fetch(event.request)))
