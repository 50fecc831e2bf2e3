// Who is busiest, and where is it quiet?  Post a digest in a room of its own.
const rooms = await api.rooms.list();
const seen = await Promise.all(rooms.map(async (room) => {
  const [members, messages] = await Promise.all([
    api.members.list({ room: room.id }),
    api.messages.list({ room: room.id, limit: 200 }),
  ]);
  return { room: room.name, members: members.length, messages };
}));

const posts = new Map<string, number>();
for (const { author } of seen.flatMap((each) => each.messages)) {
  posts.set(author, (posts.get(author) ?? 0) + 1);
}
const [busiest] = [...posts].sort((a, b) => b[1] - a[1]);
const quiet = seen.filter((each) => each.messages.length < 10).map((each) => each.room);

const digest = await api.rooms.create({ name: "digest", topic: "Who said how much" });
await api.messages.post({
  room: digest.id,
  text: `${busiest[0]} wrote ${busiest[1]} messages; quiet: ${quiet.join(", ") || "no room"}`,
});
return { busiest: busiest[0], messages: busiest[1], quiet, postedIn: digest.id };
