// Prints the modules of Node that are loaded with a file, as JSON. This file is a file itself so that what loads files is loaded before.
//
// usage: node loaded-with.mjs FILE
const before = process.moduleLoadList.length
await import(process.argv[2])
console.log(JSON.stringify(process.moduleLoadList.slice(before)))
