/** The walk-through's two kinds of load, two clients each, as fast as they can, until stopped. */
export async function startLoad(connect) {
  const load = { logins: 0, logouts: 0 };
  let running = true;
  const clients = await Promise.all([connect(), connect(), connect(), connect()]);
  const loops = clients.map(async (session, index) => {
    const login = index % 2 === 0;
    const text = login ? 'select digoal_01.f_user_login($1)' : 'select digoal_01.f_user_logout($1)';
    while (running) {
      // Half of the users are those that target 2 holds, or it would have little to do.
      const user = 1 + Math.floor(Math.random() * (Math.random() < 0.5 ? 1_000 : 200_000));
      await session.query({ text, values: [user] });
      load[login ? 'logins' : 'logouts'] += 1;
    }
  });
  return {
    get count() {
      return load.logins + load.logouts;
    },
    async stop() {
      running = false;
      await Promise.all(loops);
      for (const session of clients) await session.close();
      return load;
    },
  };
}
