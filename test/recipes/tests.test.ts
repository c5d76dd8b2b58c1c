import { recipe } from './recipe.ts'

// The program of the page is itself a file of tests.
await recipe('tests').load('app.test.ts')
