/** What must not be reached: a real server on this machine, and the ways to write its address. */

/** A server that must not be reached, or one that an operator opened; counts who comes. */
export function serve(answer: (request: Request) => Response | Promise<Response>) {
  const seen: { readonly method: string; readonly headers: Headers }[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    seen.push({ method: request.method, headers: new Headers(request.headers) });
    return answer(request);
  });
  const { port } = server.addr;
  return { seen, port, host: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Every way to write, reach or hide an address that is not everyone's; PORT is the bait's. */
export const LITERALS = [
  "http://127.0.0.1:PORT/",
  "http://127.1:PORT/",
  "http://127.0.1:PORT/",
  "http://2130706433:PORT/", // decimal
  "http://0x7f000001:PORT/", // hexadecimal
  "http://0x7f.0.0.1:PORT/",
  "http://0177.0.0.1:PORT/", // octal
  "http://017700000001:PORT/",
  "http://127.0.0.1.:PORT/",
  "http://①②⑦.⓪.⓪.①:PORT/", // digits of another script
  "http://127。0。0。1:PORT/",
  "http://%31%32%37.0.0.1:PORT/",
  "http://127.255.255.254:PORT/",
  "http://0.0.0.0:PORT/",
  "http://0:PORT/",
  "http://10.0.0.1:PORT/",
  "http://172.16.0.1:PORT/",
  "http://172.31.255.255:PORT/",
  "http://192.168.1.1:PORT/",
  "http://100.64.0.1:PORT/",
  "http://100.100.100.200:PORT/latest/meta-data/",
  "http://169.254.169.254/latest/meta-data/",
  "http://169.254.170.2/v2/credentials",
  "http://168.63.129.16/metadata",
  "http://224.0.0.1:PORT/",
  "http://255.255.255.255:PORT/",
  "http://240.0.0.1:PORT/",
  "http://192.0.2.1:PORT/",
  "http://198.18.0.1:PORT/",
  "http://[::1]:PORT/",
  "http://[::]:PORT/",
  "http://[0:0:0:0:0:0:0:1]:PORT/",
  "http://[::ffff:127.0.0.1]:PORT/", // IPv4 in IPv6
  "http://[::ffff:7f00:1]:PORT/",
  "http://[::127.0.0.1]:PORT/",
  "http://[64:ff9b::7f00:1]:PORT/", // NAT64
  "http://[2002:7f00:1::]:PORT/", // 6to4
  "http://[2001:0:7f00:1::]:PORT/", // Teredo
  "http://[fe80::1]:PORT/",
  "http://[fc00::1]:PORT/",
  "http://[fd00:ec2::254]:PORT/",
  "http://[ff02::1]:PORT/",
  "http://user@127.0.0.1:PORT/",
  "http://public.example:80@127.0.0.1:PORT/",
  "http://public.example\\@127.0.0.1:PORT/",
  "file:///etc/passwd",
  "ftp://127.0.0.1:PORT/",
  "gopher://127.0.0.1:PORT/_GET",
  "data:text/plain,secret",
];
