/** Numbers and names that both ways to a socket share. It holds no logic of a connection. */

/** What a socket buffers before `write()` says so. Node's own was 16 KiB up to Node 20 and is 64 KiB since. */
export const highWaterMarkBytes: number = 64 * 1024;
