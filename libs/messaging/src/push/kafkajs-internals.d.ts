/** Not part of what kafkajs declares: see kafkajs-client.ts, which mends a method of it. */
declare module 'kafkajs/src/network/requestQueue/index.js' {
  const RequestQueue: { prototype: object };
  export default RequestQueue;
}
