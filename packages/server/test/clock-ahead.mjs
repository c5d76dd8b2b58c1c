// The clock of a process that imports this is 30 s ahead.
const realNow = Date.now
Date.now = () => realNow() + 30_000
