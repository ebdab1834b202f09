# Rows 46 to 49 over IPv6.
instance V1 eth0 vrid=51 prio=100 addr=fe80::100,2001:db8::100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1 ip6=fe80::1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4 < advert prio=0
> advertise V1 prio=100 rev=1
> arm V1 Advert @5
@4.1 < advert prio=50
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @5.1
> note (V1): fe80::2 is MASTER too, with lower priority 50
@4.3 < advert prio=100 from=fe80::0
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @5.3
> note (V1): fe80:: is MASTER too, with equal priority and lower address
@4.5 < advert prio=200
> release V1
> disarm V1 Advert
> arm V1 MasterDown @8.109375
> tell (V1) MASTER -> BACKUP: advert from fe80::2 with higher priority 200
@4.6 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=fe80::1 master=fe80::2/200 interval=1 rcvd:4 sent:4 become:1 release:1 zero_rcvd:1
