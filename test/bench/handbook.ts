/** A text of some 1,000 tokens that no model has read: what the retrieval case quotes from. */
export const HANDBOOK = `Opening hours of the Rivermouth workshop: Tuesday to Friday from 9:30 to
18:00, Saturday from 10:00 to 14:00, closed on Sunday, Monday and public holidays. The bandsaw may be
used only after the safety course, which takes place on the first Saturday of each month at 10:00 and
costs 25 francs. Members pay 40 francs a month; students pay 22. A locker costs 6 francs a month and
can be had only by members. Wood is sold by weight: ash and beech at 4.20 a kilogram, oak at 6.80,
walnut at 11.50. Offcuts lie in the blue crate by the door and are free. Whoever breaks a blade
pays for it: 18 francs for the bandsaw, 9 for the jigsaw. Children under twelve come with an adult;
from twelve on they may use hand tools alone and power tools under supervision. Lost property is
kept for three months at the desk, after which it goes to the charity shop in Mill Street.

Booking. Benches one to six are booked at the desk or by telephone, at most nine days ahead and for
at most four hours. Bench seven, by the window, is kept free for those who come without a booking.
Who is more than twenty minutes late loses the bench to the next in line. A booking can be cancelled
until noon of the day before; later than that, half the fee of 5 francs is due.

The lathe. Two people may use it at a time, one turning and one learning. Bowls of more than thirty
centimetres are turned only on Thursdays, when Marta Ferrier is in the house. Green wood is to be
weighed, marked with the date and left in the drying room for at least seven weeks. The tailstock is
oiled by whoever uses it last in the evening, with the thin oil from the yellow can, never with the
linseed oil that stands beside it. Face shields hang on the left side of the door; a shield with a
scratch wider than a hair goes into the grey box for repair.

Glue and paint. Hide glue is warmed at 8:45 and is ready when the house opens. Epoxy is mixed only
under the hood in room three, and gloves are worn. Paint is kept in the iron cabinet, whose key lies
at the desk; the name of whoever takes it is written into the green book. Brushes are cleaned before
they dry: first in the jar marked A, then in the jar marked B, then under water with soap. Rags with
oil go into the lidded bin outside and nowhere else, because they can catch fire by themselves.

Sharpening. The wet wheel runs only while someone stands beside it. Chisels are ground at twenty-five
degrees and honed at thirty; plane irons likewise, but for the smoothing plane, which is honed at
thirty-three. The two coarse stones are flattened each Friday by the apprentice on duty. Saws are
sharpened by Jonas Amrein, who collects them on the second Wednesday of the month and brings them
back a week later; he takes 14 francs for a hand saw and 21 for a bandsaw blade.

Courses. Beginners' joinery takes six evenings, Tuesdays from 18:30 to 21:00, and costs 180 francs
with wood. Spoon carving is one Saturday afternoon for 35 francs; the knife can be kept for 12 more.
The chair course takes nine days in July, has eight places and is paid in two parts, 400 francs in
May and 350 on the first day. Whoever has finished the chair course may teach spoon carving. A course
with fewer than four people does not take place, and its fee is paid back within ten days.

The yard. Vans may stand in front of the gate for fifteen minutes. Bicycles belong under the roof on
the north side. The crane lifts at most 450 kilograms and is worked only by Marta Ferrier and Deniz
Aksoy, who have the licence. Timber longer than five metres comes through the yard gate, which is
opened on Wednesdays and Fridays from 7:00 to 8:00. Sawdust without walnut in it is given to the
stables in Upper Lane every Monday; sawdust with walnut in it is poison to horses and is burnt.

Accidents. The first-aid box hangs beside the sink, the second one in the drying room. Every cut that
bleeds longer than five minutes is written into the red book. The eye shower stands in room three.
The nearest doctor is Dr. Lindt in Harbour Street 4, open until 17:00; after that one calls 144.`;
