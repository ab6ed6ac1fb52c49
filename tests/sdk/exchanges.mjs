const { Client } = await import(`${process.cwd()}/g0/index.js`);

const client = new Client({ baseUrl: process.argv[1], retries: 0, timeout: 5000 });
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// A connection that the server has closed while nobody used it.
const { status: first } = await client.idle();
await pause(1000);
console.log(`idle: ${first}, ${(await client.idle()).status}`);
