# Row 48 over IPv6: equal priority, addresses compare as numbers of 128 bits. fe80::9 is lower than our
# fe80::10: stay.
instance V1 eth0 vrid=51 prio=100 addr=fe80::100,2001:db8::100 garp_delay=0
@0 < link eth0 index=2 up ip6=fe80::10
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4 < advert prio=100 from=fe80::9
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @5
> note (V1): fe80::9 is MASTER too, with equal priority and lower address
