# Row 48: equal priority, the numerically higher address wins. 9.255.255.255 against our 10.0.0.1 is lower: stay.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4 < advert prio=100 from=9.255.255.255
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @5
> note (V1): 9.255.255.255 is MASTER too, with equal priority and lower address
